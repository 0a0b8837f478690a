import{h as o}from"./chunk-5DGP344B.js";var r=o([]);export{r as a};
